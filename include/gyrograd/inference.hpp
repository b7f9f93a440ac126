// SPDX-License-Identifier: MIT
// All that a program needs to run trained models: load weights, encode windows, classify; no training, no
// data sets.
#pragma once

#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/gru_inference.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/models/limu_bert_inference.hpp"
#include "gyrograd/nn/state_dict.hpp"

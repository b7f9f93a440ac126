// SPDX-License-Identifier: MIT
// All that a program needs to train the models on windows it has, and to run them; no readers of raw data
// sets, no reports.
#pragma once

#include "gyrograd/inference.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/optim/sgd.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/embed.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/pretrain_masked.hpp"
#include "gyrograd/train/slots.hpp"
#include "gyrograd/train/supervised.hpp"

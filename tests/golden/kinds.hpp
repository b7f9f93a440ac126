// SPDX-License-Identifier: MIT
// Every kind of golden case and the header that gyrograd has once it can compute it.
#pragma once

#include <map>
#include <string>

namespace gyrograd::golden {

/// op of a case -> header below include/gyrograd/. A case whose header exists must have a handler; a case
/// whose op is not in this table is an error.
inline const std::map<std::string, std::string>& kinds() {
  static const std::map<std::string, std::string> table{
      // A: operations
      {"op_linear", "autograd/ops/linear.hpp"},
      {"op_layer_norm", "autograd/ops/layer_norm.hpp"},
      {"op_group_norm", "autograd/ops/group_norm.hpp"},
      {"op_batch_norm", "autograd/ops/batch_norm.hpp"},
      {"op_gelu", "autograd/ops/gelu.hpp"},
      {"op_relu", "autograd/ops/relu.hpp"},
      {"op_tanh", "autograd/ops/tanh.hpp"},
      {"op_sigmoid", "autograd/ops/sigmoid.hpp"},
      {"op_relu_tanh", "autograd/ops/relu_tanh.hpp"},
      {"op_leaky_relu", "autograd/ops/leaky_relu.hpp"},
      {"op_softmax", "autograd/ops/softmax.hpp"},
      {"op_log_softmax", "autograd/ops/softmax.hpp"},
      {"op_attention", "autograd/ops/attention.hpp"},
      {"op_mha_layout", "nn/multihead_attention.hpp"},
      {"op_conv1d", "autograd/ops/conv1d.hpp"},
      {"op_conv2d", "autograd/ops/conv2d.hpp"},
      {"op_max_pool1d", "autograd/ops/max_pool1d.hpp"},
      {"op_max_pool2d", "autograd/ops/max_pool2d.hpp"},
      {"op_adaptive_avg_pool1d", "autograd/ops/adaptive_avg_pool1d.hpp"},
      {"op_max_over_time", "autograd/ops/max_over_time.hpp"},
      {"op_gru", "autograd/ops/gru.hpp"},
      {"op_lstm", "autograd/ops/lstm.hpp"},
      {"op_dropout", "autograd/ops/dropout.hpp"},
      {"op_position_add", "autograd/ops/embedding.hpp"},
      {"op_embedding", "autograd/ops/embedding.hpp"},
      {"op_gather_rows", "autograd/ops/gather.hpp"},
      {"op_l2_normalise", "autograd/ops/l2_normalise.hpp"},
      // B: losses
      {"loss_masked_mse", "losses/masked_mse.hpp"},
      {"loss_cross_entropy", "losses/cross_entropy.hpp"},
      {"loss_bce", "losses/bce.hpp"},
      {"loss_bce_logits", "losses/bce.hpp"},
      {"loss_tpn", "losses/tpn.hpp"},
      {"loss_infonce", "losses/info_nce.hpp"},
      {"loss_infonce_variant", "losses/info_nce.hpp"},
      {"loss_nt_xent", "losses/nt_xent.hpp"},
      {"loss_primus", "losses/primus.hpp"},
      {"primus_queue", "losses/primus.hpp"},
      // C: optimisers and schedules
      {"opt_sgd", "optim/sgd.hpp"},
      {"opt_adam", "optim/adam.hpp"},
      {"opt_adamw", "optim/adam.hpp"},
      {"clip_norm", "optim/clip.hpp"},
      {"lr_schedule", "optim/schedule.hpp"},
      // D: data and scores
      {"data_down_sample", "data/down_sample.hpp"},
      {"hapt_segment", "data/readers/hapt.hpp"},
      {"data_normalise", "data/normalise.hpp"},
      {"span_mask", "data/span_mask.hpp"},
      {"rng", "core/random.hpp"},
      {"split", "data/split.hpp"},
      {"merge_labels", "data/pieces.hpp"},
      {"slice", "data/pieces.hpp"},
      {"labelled_subset", "data/subset.hpp"},
      {"labelled_subset_uci", "data/subset.hpp"},
      {"fft_features", "data/fft_features.hpp"},
      {"tpn_transforms", "data/tpn_transforms.hpp"},
      {"augment", "data/augment.hpp"},
      {"resample", "data/resample.hpp"},
      {"window_rules", "data/narration.hpp"},
      {"statistics", "data/statistics.hpp"},
      {"metrics", "metrics/classification.hpp"},
      {"tpn_metric", "metrics/tpn.hpp"},
      {"retrieval", "metrics/retrieval.hpp"},
      {"logistic_regression", "train/logistic_regression.hpp"},
      {"text_probe", "train/text_probe.hpp"},
      // E: models
      {"fill", "core/config.hpp"},
      {"init_replay", "core/random.hpp"},
      {"limu_pretrain", "models/limu_bert.hpp"},
      {"classifier_gru", "models/gru_classifier.hpp"},
      {"classifier_gru_dropout", "models/gru_classifier.hpp"},
      {"classifier_lstm", "models/lstm_classifier.hpp"},
      {"classifier_attn", "models/attention_classifier.hpp"},
      {"classifier_attn_time", "models/attention_classifier.hpp"},
      {"classifier_cnn1", "models/cnn_classifier.hpp"},
      {"classifier_cnn2", "models/cnn_classifier.hpp"},
      {"classifier_dcnn", "models/dcnn.hpp"},
      {"classifier_deepsense", "models/deepsense.hpp"},
      {"tpn_pretrain", "models/tpn.hpp"},
      {"tpn_classifier", "models/tpn.hpp"},
      {"joint", "models/joint.hpp"},
      {"model_primus_multi", "models/primus_encoder.hpp"},
      {"model_primus_single", "models/primus_encoder.hpp"},
      {"model_primus_imu2clip", "models/primus_encoder.hpp"},
      {"model_imu2clip_attention_pool", "models/imu2clip.hpp"},
      {"model_imu2clip_time_distributed", "models/imu2clip.hpp"},
      {"model_imu2clip_patch_transformer", "models/imu2clip.hpp"},
      {"model_imu2clip_patch_rnn", "models/imu2clip.hpp"},
      {"simclr_har", "models/simclr_har.hpp"},
      // F: training runs, G: published weights
      {"train_limu", "models/limu_bert.hpp"},
      {"train_gru", "models/gru_classifier.hpp"},
      {"train_primus", "train/pretrain_primus.hpp"},
      {"published", "models/limu_bert.hpp"},
  };
  return table;
}

}  // namespace gyrograd::golden

// SPDX-License-Identifier: MIT
// The subcommands of `gyrograd primus`: a new one is declared here and gets a row in the table.
#pragma once

#include <vector>

#include "cli/cli.hpp"

namespace gyrograd::cli {

// Each runs one subcommand; argv[0] is its name.
int run_primus_synth(int argc, char** argv);
int run_primus_pretrain(int argc, char** argv);
int run_primus_embed(int argc, char** argv);
int run_primus_probe(int argc, char** argv);
int run_primus_zero_shot(int argc, char** argv);
int run_primus_retrieve(int argc, char** argv);
int run_primus_simclr(int argc, char** argv);
int run_primus_efficiency(int argc, char** argv);
int run_primus_reproduce(int argc, char** argv);

/// Rows of `gyrograd primus --help`, in the order of a study.
inline const std::vector<Command> primus_commands = {
    {"synth", "make synthetic windows with text and video vectors", run_primus_synth},
    {"pretrain", "pre-train an encoder: PRIMUS, IMU2CLIP, SimCLR and others", run_primus_pretrain},
    {"embed", "write the embeddings of windows and what belongs to them", run_primus_embed},
    {"probe", "few-shot tables of frozen encoders, n labels of each class", run_primus_probe},
    {"zero-shot", "recognise classes by the text vectors of their prompts", run_primus_zero_shot},
    {"retrieve", "search the text or video of every window, and back", run_primus_retrieve},
    {"simclr", "SimCLR on the recordings of MotionSense, as published", run_primus_simclr},
    {"efficiency", "accuracy by the share of takes with text and video", run_primus_efficiency},
    {"reproduce", "the three figures of the PRIMUS paper on the synthetic set", run_primus_reproduce},
};

}  // namespace gyrograd::cli

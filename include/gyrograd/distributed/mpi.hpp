// SPDX-License-Identifier: MIT
// Several processes through MPI. The one header that includes mpi.h; link to gyrograd::mpi.
#pragma once

#include <mpi.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/distributed/communicator.hpp"

namespace gyrograd::distributed {

/// All processes of MPI_COMM_WORLD. Starts MPI and ends it: one object per program. Errors of MPI become
/// gyrograd::Error; most failures of another process end this one from outside (mpirun does it).
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    int given = MPI_THREAD_SINGLE;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given), "start");
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "error handler");
    if (given < MPI_THREAD_FUNNELED)
      fail<Error>("MPI: this library allows no threads, expected MPI_THREAD_FUNNELED; use another one");
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "size");
    MPI_Comm here = MPI_COMM_NULL;
    check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &here), "split");
    check(MPI_Comm_size(here, &local_size_), "size");
    check(MPI_Comm_free(&here), "split");
    for (Layout* layout : {&send_, &receive_}) {
      layout->counts.resize(static_cast<std::size_t>(size_));
      layout->starts.resize(static_cast<std::size_t>(size_));
    }
  }
  ~MpiCommunicator() override { MPI_Finalize(); }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int local_size() const override { return local_size_; }

  void all_gather(std::span<std::byte> all, std::span<const std::size_t> ends) override {
    receive_.set(ends);
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), receive_.counts.data(),
                         receive_.starts.data(), MPI_BYTE, MPI_COMM_WORLD),
          "all-gather");
  }

  void all_to_all(std::span<const std::byte> send, std::span<const std::size_t> send_ends,
                  std::span<std::byte> receive, std::span<const std::size_t> receive_ends) override {
    send_.set(send_ends);
    receive_.set(receive_ends);
    check(MPI_Alltoallv(send.data(), send_.counts.data(), send_.starts.data(), MPI_BYTE, receive.data(),
                        receive_.counts.data(), receive_.starts.data(), MPI_BYTE, MPI_COMM_WORLD),
          "all-to-all");
  }

  [[noreturn]] void abort(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::_Exit(code);
  }

 private:
  /// Blocks as MPI takes them.
  struct Layout {
    std::vector<int> counts, starts;

    void set(std::span<const std::size_t> ends) {
      if (!ends.empty() && ends.back() > static_cast<std::size_t>(INT_MAX))
        fail<Error>("MPI: a message of ", ends.back(), " bytes, expected below 2^31; use smaller batches");
      std::size_t begin = 0;
      for (std::size_t r = 0; r < ends.size(); ++r) {
        starts[r] = static_cast<int>(begin);
        counts[r] = static_cast<int>(ends[r] - begin);
        begin = ends[r];
      }
    }
  };

  static void check(int code, std::string_view what) {
    if (code == MPI_SUCCESS) return;
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    fail<Error>("MPI: ", what, " failed: ", std::string_view(text.data(), static_cast<std::size_t>(length)));
  }

  int rank_ = 0, size_ = 1, local_size_ = 1;
  Layout send_, receive_;
};

}  // namespace gyrograd::distributed

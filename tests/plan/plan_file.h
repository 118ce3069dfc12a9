// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/plan/compile.h"
#include "bench/plan/plan.h"

namespace heapwise::testing {

/// A compiled plan read back.
class PlanFile {
 public:
  explicit PlanFile(const std::string& path) {
    auto file = MappedFile::open(path);
    EXPECT_TRUE(file);
    file_ = std::move(*file);
  }
  const plan::PlanHeader& header() const {
    return *reinterpret_cast<const plan::PlanHeader*>(file_.data());
  }
  const plan::PlanThread& thread(std::size_t i) const {
    return at<plan::PlanThread>(header().threads_offset)[i];
  }
  const plan::PlanRun& run(std::size_t i) const {
    return at<plan::PlanRun>(header().runs_offset)[i];
  }
  const plan::PlanBig& big(std::size_t i) const {
    return at<plan::PlanBig>(header().bigs_offset)[i];
  }
  const plan::PlanSample& sample(std::size_t i) const {
    return at<plan::PlanSample>(header().samples_offset)[i];
  }
  std::uint32_t delay(std::size_t i) const { return at<std::uint32_t>(header().delays_offset)[i]; }
  /// The words of a thread.
  std::vector<plan::Word> words(std::size_t i) const {
    const auto* const first = at<plan::Word>(header().words_offset) + thread(i).first_word;
    return {first, first + thread(i).words};
  }
  std::size_t size() const { return file_.size(); }

 private:
  template <class T>
  const T* at(std::uint64_t offset) const {
    return reinterpret_cast<const T*>(file_.data() + offset);
  }
  MappedFile file_;
};

/// A trace and its plan in a directory of their own.
struct Compiled {
  TemporaryDirectory directory = std::move(*TemporaryDirectory::make());
  std::string trace = directory.path() + "/trace.hwt";
  std::string plan = directory.path() + "/plan";
  plan::PlanFacts facts;

  PlanFile compile() {
    auto compiled = plan::compile_plan(trace, plan);
    EXPECT_TRUE(compiled) << compiled.error().what;
    facts = *compiled;
    return PlanFile(plan);
  }
};

}  // namespace heapwise::testing

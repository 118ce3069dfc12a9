// SPDX-License-Identifier: MIT
#include "bench/plan/writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace heapwise::plan {
namespace {

constexpr std::uint64_t kAlignment = 4096;
/// So many different entries are looked through for one that says the same.
constexpr std::size_t kKnownBigs = 1 << 18;

std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

/// Takes `count` entries of `each` bytes behind what `end` says and returns where they begin.
std::uint64_t take_room(std::uint64_t& end, std::uint64_t count, std::uint64_t each) {
  const std::uint64_t offset = aligned(end);
  end = offset + count * each;
  return offset;
}

}  // namespace

bool RunCutter::begins(std::uint32_t thread, std::uint64_t time_ns) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const bool goes_on =
      words_ > 0 && words_ < kMost && thread == thread_ && time_ns - start_ns_ <= kMost;
  if (goes_on) {
    ++words_;
    return false;
  }
  start_ns_ = time_ns;
  thread_ = thread;
  words_ = 1;
  return true;
}

std::size_t PlanWriter::BigHash::operator()(const PlanBig& big) const {
  std::uint64_t mix = big.size * 0x9e3779b97f4a7c15ULL + big.touch_from;
  mix = (mix ^ (mix >> 29)) * 0xbf58476d1ce4e5b9ULL + big.touch_to;
  mix = (mix ^ (mix >> 32)) * 0x94d049bb133111ebULL + big.base_code * 64 + big.align_log2;
  return mix ^ (mix >> 31);
}

bool PlanWriter::BigEqual::operator()(const PlanBig& a, const PlanBig& b) const {
  return a.size == b.size && a.touch_from == b.touch_from && a.touch_to == b.touch_to &&
         a.base_code == b.base_code && a.align_log2 == b.align_log2;
}

Expected<PlanWriter> PlanWriter::create(const std::string& path, const Extent& extent) {
  PlanWriter writer;
  PlanHeader& head = writer.header_;
  std::memcpy(head.magic, kMagic, sizeof head.magic);
  head.thread_count = static_cast<std::uint32_t>(extent.threads.size());
  std::uint64_t words = 0;
  for (const PlanThread& thread : extent.threads) {
    writer.threads_.push_back(thread);
    writer.threads_.back().first_word = words;
    writer.next_word_.push_back(words);
    words += thread.words;
  }
  std::uint64_t end = sizeof head;
  head.words_offset = take_room(end, words + kWordsPadding, sizeof(Word));
  head.delays_offset = take_room(end, words, sizeof(std::uint32_t));
  head.threads_offset = take_room(end, head.thread_count, sizeof(PlanThread));
  // Gives are not counted in the first pass; they begin a run only where one is full.
  writer.runs_room_ = extent.runs + words / std::numeric_limits<std::uint32_t>::max() + 1;
  head.runs_offset = take_room(end, writer.runs_room_, sizeof(PlanRun));
  head.bigs_offset = take_room(end, extent.bigs, sizeof(PlanBig));
  writer.bigs_room_ = extent.bigs;
  writer.path_ = path;
  writer.mapped_ = aligned(end);

  writer.file_ = Fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!writer.file_) return fail_errno("cannot create the plan " + path);
  // Writing to a mapped file that has no space on the disk kills the process: take it now.
  errno = posix_fallocate(writer.file_.get(), 0, static_cast<off_t>(writer.mapped_));
  if (errno != 0) {
    return fail_errno(
        "cannot take " + std::to_string(writer.mapped_ >> 20) + " MiB for the plan " + path,
        "Set TMPDIR to a directory with more space.");
  }
  void* const memory =
      mmap(nullptr, writer.mapped_, PROT_READ | PROT_WRITE, MAP_SHARED, writer.file_.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map the plan " + path);
  writer.bytes_ = static_cast<char*>(memory);
  return writer;
}

PlanWriter::PlanWriter(PlanWriter&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      mapped_(other.mapped_),
      header_(other.header_),
      threads_(std::move(other.threads_)),
      next_word_(std::move(other.next_word_)),
      cutter_(other.cutter_),
      bigs_room_(other.bigs_room_),
      runs_room_(other.runs_room_),
      miscounted_(other.miscounted_),
      known_(std::move(other.known_)) {}

PlanWriter::~PlanWriter() {
  if (bytes_ != nullptr) munmap(bytes_, mapped_);
}

bool PlanWriter::has_room(std::uint32_t thread) const {
  return thread < threads_.size() &&
         next_word_[thread] < threads_[thread].first_word + threads_[thread].words;
}

bool PlanWriter::is_full() const {
  for (std::uint32_t thread = 0; thread < threads_.size(); ++thread) {
    if (has_room(thread)) return false;
  }
  return true;
}

void PlanWriter::add(std::uint32_t thread, std::uint64_t time_ns, Word word) {
  miscounted_ = miscounted_ || !has_room(thread);
  if (miscounted_) return;
  PlanRun* const runs = section<PlanRun>(header_.runs_offset);
  if (cutter_.begins(thread, time_ns)) {
    miscounted_ = header_.run_count >= runs_room_;
    if (miscounted_) return;
    runs[header_.run_count++] = {time_ns, thread, 0};
  }
  PlanRun& run = runs[header_.run_count - 1];
  ++run.words;
  const std::uint64_t at = next_word_[thread]++;
  section<Word>(header_.words_offset)[at] = word;
  section<std::uint32_t>(header_.delays_offset)[at] =
      static_cast<std::uint32_t>(time_ns - run.start_ns);
  ++header_.word_count;
}

std::uint32_t PlanWriter::big(const PlanBig& what) {
  if (known_.size() >= kKnownBigs) known_.clear();
  const auto next = static_cast<std::uint32_t>(header_.big_count);
  const auto [entry, is_new] = known_.try_emplace(what, next);
  if (is_new) {
    miscounted_ = miscounted_ || header_.big_count >= bigs_room_;
    if (miscounted_) return next;
    section<PlanBig>(header_.bigs_offset)[header_.big_count++] = what;
  }
  return entry->second;
}

Expected<void> PlanWriter::finish(const PlanHeader& head, const std::vector<std::uint64_t>& slots,
                                  const std::vector<PlanSample>& samples) {
  if (miscounted_ || !is_full()) {
    return fail(ErrorCode::bad_input,
                "the plan " + path_ + " does not come out as it was counted before",
                "If nothing changed the trace meanwhile, this is a defect of heapwise: please "
                "report it.");
  }
  header_.operations = head.operations;
  header_.exit_word = head.exit_word;
  header_.usable_size_calls = head.usable_size_calls;
  header_.mailbox_count = head.mailbox_count;
  header_.duration_ns = head.duration_ns;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i].first_slot = header_.slot_count;
    threads_[i].slots = slots[i];
    header_.slot_count += slots[i];
    section<PlanThread>(header_.threads_offset)[i] = threads_[i];
  }
  header_.sample_count = samples.size();
  header_.samples_offset = mapped_;
  const std::uint64_t bytes = samples.size() * sizeof(PlanSample);
  header_.file_bytes = mapped_ + bytes;
  std::memcpy(bytes_, &header_, sizeof header_);
  if (lseek(file_.get(), static_cast<off_t>(mapped_), SEEK_SET) < 0 ||
      !write_all(file_.get(), samples.data(), bytes)) {
    return fail_errno("cannot write the plan " + path_,
                      "Set TMPDIR to a directory with more space.");
  }
  return {};
}

}  // namespace heapwise::plan

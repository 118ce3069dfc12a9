// SPDX-License-Identifier: MIT
// Every number that a verdict depends on, with where it comes from. Nowhere else may a verdict
// compare a figure with a constant.
#pragma once

#include <cstddef>

namespace heapwise::thresholds {

/// Fewer repetitions than this decide nothing: with one there is no spread at all and with two the
/// interval covers the median in one case of two (statistics.h).
constexpr unsigned kRepetitions = 3;

/// Memory is compared by the mean of three figures: the peak, which a machine must be able to hold;
/// the mean over time, which is what is paid for; and the end, which is what a server goes on with.
/// A smaller difference than this is the same. 3 % is what a replay can be trusted to see (nine of
/// ten replayed peaks lie within 3.5 % of the program's own) and about the least that changes how
/// many processes fit a machine.
constexpr double kMemoryPercent = 3;

/// And below this it is the same however many per cent it is: allocators differ by some tens of KiB
/// before the first allocation, and no one deploys an allocator for a quarter of a MiB.
constexpr double kMemoryBytes = 256 * 1024;

/// Percentages need something to be a percentage of, and a figure may be 0: what is less than a
/// page of memory, or than half a cycle, counts as that much.
constexpr double kLeastBytes = 4096;
constexpr double kLeastNs = 0.1;

/// Speed: a difference within this many MADs of the noisier side is noise. For a normal
/// distribution 3 MADs are 2 standard deviations.
constexpr double kSpeedMads = 3;

/// What the MAD of the faster half of values is multiplied with to be that of all: for a normal
/// distribution the MAD is 0.674 standard deviations, and that of either half 0.399.
constexpr double kMadOfFasterHalf = 0.674 / 0.399;

/// Speed of the program itself, in per cent of its CPU time: a smaller difference is the same.
constexpr double kSpeedCpuPercent = 2;

/// Speed in replay, where the program's CPU time is known: a smaller share of it is the same. A
/// replay sees only what the calls take, and the program gains or loses in its own work, too, by
/// how close together and how warm its objects lie. Where programs differed beyond doubt
/// (docs/fidelity.md), 32 of 33 did so to the same side as their calls, and 23 of them at least
/// twice as much. So half of what is worth having in the program.
constexpr double kSpeedReplayCpuPercent = kSpeedCpuPercent / 2;

/// Speed, where the program's CPU time is not known (synthetic and imported traces): per cent of
/// the time per operation. Order of runs and layout of memory alone move it by about as much.
constexpr double kSpeedTimePercent = 5;

/// Tail latency is compared by the time that one call in a thousand exceeds. A smaller difference
/// than this, in per cent and in nanoseconds, is the same: the histogram's steps are 3 %, and
/// 50 ns, a miss of the last cache, is what no one can see in a request's time.
constexpr double kLatencyPercent = 10;
constexpr double kLatencyNs = 50;

/// The share of CPU time that goes to allocation where no one measured it: 7 %, what a fleet-wide
/// profile of servers found (Kanev et al., "Profiling a warehouse-scale computer", ISCA 2015).
constexpr double kAssumedAllocatorShare = 0.07;

/// The balanced score is: per cent of memory saved + this × per cent of CPU time saved, of the
/// differences that rank. On a machine with 4 GiB per core, the cloud's usual kind, cores are about
/// two thirds of the price and memory one third, so 1 % of CPU is worth 2 % of memory.
constexpr double kCpuPointsPerPercent = 2;

/// Balanced never trades away more than this, whatever it gains: memory in per cent of the
/// baseline's, speed in per cent of the program's CPU time, or of the time per operation where CPU
/// time is unknown. Judgement: what can be deployed without asking whoever pays the machines.
constexpr double kBalancedMemoryLoss = 10;
constexpr double kBalancedCpuLoss = 5;
constexpr double kBalancedTimeLoss = 25;

/// One allocator for all workloads is only changed when its mean regret is less than the
/// baseline's by this many points: what counts on one workload counts on average.
constexpr double kFleetMemoryPoints = kMemoryPercent;
constexpr double kFleetSpeedPoints = kSpeedTimePercent;
constexpr double kFleetLatencyPoints = kLatencyPercent;
constexpr double kFleetBalancedPoints = kMemoryPercent;

/// A candidate that scores within this many points of the chosen one is said to be close behind.
constexpr double kCloseBehind = 2;

/// A reason is only worth a sentence when two figures differ by at least this, in per cent.
constexpr double kStoryPercent = 10;

/// And what the starts of a program's processes take, when it is at least this of its CPU time.
constexpr double kStartStoryPercent = 0.1;

// ---- two results compared (compare.h)

/// Fewer runs a side than this tell no change: dealing four and four out anew can give the same
/// split by chance in one of 35 cases, five and five in one of 126.
constexpr unsigned kCompareRepetitions = 5;

/// The probability that a comparison of two equal results calls any of its figures changed: one in
/// a hundred nights, and that before a change must also be worth a word (the per cent above).
constexpr double kFamilyError = 0.01;

/// The gate fails only where the whole interval of a shift is beyond this share of the limit.
/// Chance is reckoned from how runs scatter within sessions; sessions of one build also differ as a
/// whole, and only the interval allows for that. Chosen from 200 comparisons of sessions minutes
/// apart (docs/gate.md): of 100 of one build, five failed at a half and none at three quarters; of
/// 100 with a tenth more time, 96 and 93 did. Those had 32 rounds; the table has twice as many.
constexpr double kGateCertainty = 0.75;

/// What two sessions of the same build differ by beyond what their own repetitions scatter: pages
/// of the plan lie elsewhere, the machine is in another mood. Standard error, as a share.
/// Of times it was found from 100 pairs of allocators in sessions of the same build, minutes apart
/// on a virtual machine whose clock rate wanders by a third: their shifts scattered 1.19 times as
/// wide as their own standard errors, of 2.6 % in the median, explained.
constexpr double kSessionTimeError = 0.015;
constexpr double kSessionMemoryError = 0.002;

/// Times are compared by their ratio to the other allocators of the same round, which what befalls
/// the machine slows alike. From so many others on, one that changed itself cannot move their
/// median, and the ratio needs no witness.
constexpr unsigned kControls = 3;

/// A time or a ratio that all allocators share moved by more than this per cent: worth a note.
constexpr double kCommonShift = 3;

// ---- when a prediction is flagged

/// Blocks of which nobody measured what was written: less of the live bytes than this, in per cent,
/// moves a prediction by less than predictions are good to.
constexpr double kUnseenLargePercent = 5;

/// Blocks too small to be measured. They are written in nearly every program, so only a heap that
/// consists of them mostly is worth a word.
constexpr double kUnseenMiddlingPercent = 50;

/// Calls of malloc_usable_size for each allocation from which on a program is taken to decide by
/// what they say. Judgement: less than one in fifty is a look at a few blocks, not a habit.
constexpr double kUsableSizeShare = 0.02;

/// A glibc heap predicted larger than all that the recorded process had, by as much as predictions
/// may be off. Fewer samples of that process than these may have missed its peak.
constexpr double kUnwrittenPercent = 5;
constexpr double kUnwrittenBytes = 1024 * 1024;
constexpr std::size_t kRecordedSamples = 20;

/// A heap that is less than this, in per cent, of its process's memory.
constexpr double kSmallHeapPercent = 50;

}  // namespace heapwise::thresholds

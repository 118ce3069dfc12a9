// SPDX-License-Identifier: MIT
// The constants of traces/FORMAT.md. Nothing outside this folder needs them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace heapwise::format {

constexpr std::array<unsigned char, 8> kMagic = {0x89, 'H', 'W', 'T', '\r', '\n', 0x1a, '\n'};
constexpr std::uint16_t kMajor = 1;
constexpr std::uint16_t kMinor = 1;
/// Magic and version.
constexpr std::size_t kHeaderBytes = 12;

constexpr std::size_t kMaxFrameBytes = 64U << 20;
constexpr std::size_t kMaxBodyBytes = 64U << 20;
constexpr std::size_t kMaxOpsPerChunk = 65536;
constexpr std::size_t kMaxSamplesPerChunk = 65536;
/// Of a command: more than Linux starts a program with, which are 6 MiB of strings and pointers.
constexpr std::size_t kMaxArguments = 1U << 20;
/// In a head, and in an end.
constexpr std::size_t kMaxFacts = 4096;
/// Times, and the bytes alive at any moment, are below this.
constexpr std::uint64_t kMaxNumber = 1ULL << 63;
/// Numbers of objects and of threads are below this.
constexpr std::uint32_t kMaxIndex = 0xffffffffU;
constexpr unsigned kMaxAlignLog2 = 63;

/// Readers skip types from here on when they do not know them.
constexpr std::uint8_t kFirstOptionalType = 128;
enum class ChunkType : std::uint8_t {
  head = 1,
  ops = 2,
  residency = 3,
  end = 4,
  allocator_time = kFirstOptionalType,
};

}  // namespace heapwise::format

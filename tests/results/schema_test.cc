// SPDX-License-Identifier: MIT
// That the list of fields is whole: to_json and from_json share it, and both lose what it forgets.
#include "results/schema.h"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace heapwise {
namespace {

template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;

/// Stands for the initial value of any member.
struct Anything {
  template <class T>
  requires(!kIsOptional<T>) operator T() const;  // which would make two ways to an optional one
};

/// How many members an aggregate has: as many values as it can be initialised with.
template <class T, class... Values>
constexpr std::size_t member_count() {
  if constexpr (requires { T{Values{}..., Anything{}}; }) {
    return member_count<T, Values..., Anything>();
  } else {
    return sizeof...(Values);
  }
}

template <class Visitor, class T>
concept Describable = requires(Visitor visitor, T& one) {
  schema::describe(visitor, one);
};

/// Visits a type, and each type that is part of it, and expects each member to be described.
class Wholeness {
 public:
  template <class T>
  void operator()(const char* name, T& member) {
    EXPECT_TRUE(names_.insert(name).second) << name << " is there twice";
    EXPECT_TRUE(members_.insert(&member).second) << name << " is another field, too";
    expect_whole(member);
  }

  template <class T>
  static void expect_whole(T& one) {
    if constexpr (Describable<Wholeness&, T>) {
      SCOPED_TRACE(typeid(T).name());
      Wholeness fields;
      schema::describe(fields, one);
      if constexpr (std::is_aggregate_v<T>) {
        // The choice is one member, and its two are described in its place.
        const std::size_t more = std::is_same_v<T, Recommendation> ? 1 : 0;
        EXPECT_EQ(fields.members_.size(), member_count<T>() + more);
      }
    }
  }
  template <class T>
  static void expect_whole(std::vector<T>& /*list*/) {
    T one{};
    expect_whole(one);
  }
  template <class T>
  static void expect_whole(std::optional<T>& /*value*/) {
    T one{};
    expect_whole(one);
  }

 private:
  std::set<std::string> names_;
  std::set<const void*> members_;
};

TEST(Schema, DescribesEveryMemberOfEveryTypeOnce) {
  Result result;
  Wholeness::expect_whole(result);
}

}  // namespace
}  // namespace heapwise

// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace syscarve {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_convertible_v<UniqueFd, int>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

UniqueFd OpenNull() {
  return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool IsOpen(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFdTest, ANegativeNumberIsNoDescriptor) {
  EXPECT_FALSE(UniqueFd().valid());
  EXPECT_FALSE(UniqueFd(-1).valid());
}

TEST(UniqueFdTest, ClosesAtTheEndOfItsLife) {
  int number = -1;
  {
    const UniqueFd fd = OpenNull();
    ASSERT_TRUE(fd.valid());
    number = fd.get();
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, MoveTakesTheDescriptorAway) {
  UniqueFd from = OpenNull();
  const int number = from.get();
  const UniqueFd to(std::move(from));
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move): the moved-from state is the subject of the test.
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, AssigningOverClosesWhatWasHeld) {
  UniqueFd held = OpenNull();
  UniqueFd other = OpenNull();
  const int old_number = held.get();
  const int new_number = other.get();
  held = std::move(other);
  EXPECT_FALSE(IsOpen(old_number));
  EXPECT_EQ(held.get(), new_number);
  EXPECT_TRUE(IsOpen(new_number));
}

TEST(UniqueFdTest, SelfMoveKeepsTheDescriptor) {
  UniqueFd fd = OpenNull();
  const int number = fd.get();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, ReleaseGivesTheDescriptorAway) {
  UniqueFd fd = OpenNull();
  const UniqueFd owner(fd.release());
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(IsOpen(owner.get()));
}

TEST(UniqueFdTest, ResetClosesOnce) {
  UniqueFd fd = OpenNull();
  const int number = fd.get();
  fd.reset();
  fd.reset();
  EXPECT_FALSE(fd.valid());
  EXPECT_FALSE(IsOpen(number));
}

}  // namespace
}  // namespace syscarve

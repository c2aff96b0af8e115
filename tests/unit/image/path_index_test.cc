// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/path_index.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(NormalPath, LeavesOutWhatMeansNothing) {
  EXPECT_EQ(NormalPath("./usr//bin/./su"), "usr/bin/su");
  EXPECT_EQ(NormalPath("/usr/bin/su/"), "usr/bin/su");
  EXPECT_EQ(NormalPath("./"), "");
  EXPECT_EQ(NormalPath("..a/b.."), "..a/b..");
}

TEST(NormalPath, RefusesWhatLeadsOut) {
  EXPECT_EQ(NormalPath(""), std::nullopt);
  EXPECT_EQ(NormalPath("../etc/passwd"), std::nullopt);
  EXPECT_EQ(NormalPath("usr/../../etc"), std::nullopt);
}

class OverlayTest : public testing::Test {
 protected:
  struct Made {
    PathIndex index;
    LinkTargets links;
  };

  Overlay View() {
    std::vector<Overlay::Layer> view;
    for (Made& layer : layers_) {
      layer.index.Finish();
      view.push_back({&layer.index, &layer.links});
    }
    return Overlay(std::move(view));
  }

  std::vector<Made> layers_{3};
};

TEST_F(OverlayTest, AWhiteoutHidesWhatIsBelowAndNothingElse) {
  layers_[0].index.Add("etc", kFolderThere);
  layers_[0].index.Add("etc/key", kFileThere);
  layers_[0].index.Add("etc/keys", kFileThere);
  layers_[1].index.Add("etc/key", kWhiteout);
  const Overlay view = View();
  EXPECT_FALSE(view.Visible(0, "etc/key"));
  EXPECT_TRUE(view.Visible(0, "etc/keys"));
  EXPECT_EQ(view.Find("etc/key"), 0);
  EXPECT_EQ(view.Find("etc/keys"), kFileThere);
}

TEST_F(OverlayTest, AWhiteoutOfAFolderHidesAllInItUntilItComesBack) {
  layers_[0].index.Add("opt/a/b", kFileThere);
  layers_[1].index.Add("opt", kWhiteout);
  layers_[2].index.Add("opt/a/c", kFileThere);
  const Overlay view = View();
  EXPECT_FALSE(view.Visible(0, "opt/a/b"));
  EXPECT_TRUE(view.Visible(2, "opt/a/c"));
  EXPECT_EQ(view.Find("opt/a/b"), 0);
}

TEST_F(OverlayTest, AnOpaqueFolderHidesWhatLowerLayersHaveInIt) {
  layers_[0].index.Add("srv", kFolderThere);
  layers_[0].index.Add("srv/old", kFileThere);
  layers_[1].index.Add("srv", kOpaque);
  layers_[1].index.Add("srv/new", kFileThere);
  const Overlay view = View();
  EXPECT_FALSE(view.Visible(0, "srv/old"));
  EXPECT_TRUE(view.Visible(0, "srv"));
  EXPECT_EQ(view.Find("srv/new"), kFileThere);
}

TEST_F(OverlayTest, AFileInTheFoldersPlaceHidesIt) {
  layers_[0].index.Add("run/tool", kProgramThere);
  layers_[1].index.Add("run", kLinkThere);
  layers_[1].links["run"] = "/tmp";
  EXPECT_FALSE(View().Visible(0, "run/tool"));
}

TEST_F(OverlayTest, LinksAreFollowedWithinTheRoot) {
  layers_[0].index.Add("bin", kLinkThere);
  layers_[0].links["bin"] = "usr/bin";
  layers_[0].index.Add("usr/bin/dash", kProgramThere);
  layers_[1].index.Add("usr/bin/sh", kLinkThere);
  layers_[1].links["usr/bin/sh"] = "../../../bin/dash";
  layers_[1].index.Add("round", kLinkThere);
  layers_[1].links["round"] = "round";
  const Overlay view = View();
  EXPECT_EQ(view.Resolve("/bin/sh"), "usr/bin/dash");
  EXPECT_EQ(view.Resolve("/round"), std::nullopt);
  EXPECT_EQ(view.Resolve("/bin/none"), std::nullopt);
}

TEST(PathIndex, ManyPathsAreAllThere) {
  PathIndex index;
  for (int i = 0; i < 20000; ++i) index.Add("a/" + std::to_string(i % 10000), i < 10000 ? kFileThere : kWhiteout);
  index.Finish();
  EXPECT_EQ(index.size(), 10000U);
  for (int i = 0; i < 10000; ++i) EXPECT_EQ(index.Find("a/" + std::to_string(i)), kFileThere | kWhiteout);
  EXPECT_EQ(index.Find("a/10000"), 0);
}

}  // namespace
}  // namespace syscarve

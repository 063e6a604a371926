#include "base/file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "testing/temporary_folder.hpp"

namespace grover {
namespace {

TEST(ReadFile, GivesWhatIsThereUpToALimit) {
    testing::TemporaryFolder const folder;
    auto const path = (folder.path() / "file").string();
    std::string text(100'000, 'x');
    text += '\0';
    text += "end\n";
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(read_file(path), text);
    EXPECT_EQ(read_file(path, text.size()), text);
    EXPECT_EQ(read_file(path, 70'000), text.substr(0, 70'000));
    EXPECT_EQ(read_file(path, 1), "x");
    std::ofstream(path, std::ios::trunc).flush();
    EXPECT_EQ(read_file(path), "");
}

TEST(ReadFile, SaysWhenItCannot) {
    testing::TemporaryFolder const folder;
    EXPECT_FALSE(read_file((folder.path() / "none").string()));
    EXPECT_FALSE(read_file(folder.path().string())) << "a folder";
    EXPECT_FALSE(read_file(""));
}

}  // namespace
}  // namespace grover

#include "base/case_fold.hpp"

#include <gtest/gtest.h>

namespace grover {
namespace {

TEST(FoldCase, LetsCapitalsDisappear) {
    EXPECT_EQ(fold_case("Ann.LEE@Example.ORG"), "ann.lee@example.org");
    EXPECT_EQ(fold_case("ÄÖÜ Éclair"), "äöü éclair");
    EXPECT_EQ(fold_case("ΣΑΣ ΣΑς"), "σασ σασ");  // The final sigma is a sigma.
    EXPECT_EQ(fold_case("ПРИВЕТ"), "привет");
    EXPECT_EQ(fold_case("\u1E9E"), "ß");
    EXPECT_EQ(fold_case("\u212A"), "k");  // The Kelvin sign.
    EXPECT_EQ(fold_case("\U00010400"), "\U00010428");
    EXPECT_EQ(fold_case("ĀāĂă"), "āāăă");  // Runs of every second code point.
}

TEST(FoldCase, LeavesTheRestAlone) {
    EXPECT_EQ(fold_case(""), "");
    EXPECT_EQ(fold_case("0-9 _.+~@[`{"), "0-9 _.+~@[`{");
    EXPECT_EQ(fold_case("straße 日本語 🦊"), "straße 日本語 🦊");
    EXPECT_EQ(fold_case("ı"), "ı");  // Not "i": they are different mailboxes.
    EXPECT_EQ(fold_case("İ"), "İ");
    EXPECT_EQ(fold_case(std::string_view("a\0B", 3)), std::string_view("a\0b", 3));
}

TEST(FoldCase, IsIdempotent) {
    for (auto const* text : {"ΑΒΓ ς ſ ẞ", "ǅ ǆ Ǆ", "Ꭰ ꭰ", "Ω Å K"})
        EXPECT_EQ(fold_case(fold_case(text)), fold_case(text)) << text;
}

}  // namespace
}  // namespace grover

#include "http/h2/field_list.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace grover::http::h2 {
namespace {

/// How many fields HPACK's table has after each of these header lists.
class TableTest : public ::testing::Test {
protected:
    TableTest() {
        nghttp2_hd_deflater* made = nullptr;
        EXPECT_EQ(::nghttp2_hd_deflate_new(&made, 4096), 0);
        deflater_.reset(made);
    }
    std::size_t entries_after(FieldText const& text) {
        FieldList list;
        text.append_to(list);
        std::string out(4096, 0);
        EXPECT_GE(
            ::nghttp2_hd_deflate_hd(deflater_.get(), reinterpret_cast<std::uint8_t*>(out.data()),
                                    out.size(), list.data(), list.size()),
            0);
        return ::nghttp2_hd_deflate_get_num_table_entries(deflater_.get());
    }

private:
    struct Delete {
        void operator()(nghttp2_hd_deflater* one) const { ::nghttp2_hd_deflate_del(one); }
    };
    std::unique_ptr<nghttp2_hd_deflater, Delete> deflater_;
};

FieldText answer(std::string const& id) {
    FieldText out;
    out.add("Content-Type", "application/json");
    out.add("Vary", "Authorization");
    for (auto const* name : {"Date", "RateLimit", "X-Request-ID", "X-Of-Some-Service"})
        out.add(name, id);
    return out;
}

TEST_F(TableTest, HoldsWhatAnswersShare) {
    auto const first = entries_after(answer("0"));
    for (int i = 1; i < 100; ++i) EXPECT_EQ(entries_after(answer(std::to_string(i))), first);
    FieldText other;
    other.add("Content-Type", "text/html");
    EXPECT_EQ(entries_after(other), first + 1);
}

TEST_F(TableTest, HoldsNoSecrets) {
    auto const before = entries_after(FieldText());
    FieldText secret;
    for (auto const* name : {"Authorization", "Cookie", "Set-Cookie", "X-Grover-Identity"})
        secret.add(name, "secret");
    EXPECT_EQ(entries_after(secret), before);
}

TEST(SharedFieldTest, IsKnownByItsWholeName) {
    EXPECT_TRUE(is_shared_field("content-type"));
    for (auto const* other : {"", "content-typ", "content-types", "date", "x-request-id", "\xff"})
        EXPECT_FALSE(is_shared_field(other)) << other;
}

}  // namespace
}  // namespace grover::http::h2

#include "gateway/table.hpp"

#include <gtest/gtest.h>

namespace grover::gateway {
namespace {

std::string_view target_of(std::string_view path) {
    auto const* row = find_row(path);
    return row ? name_of(row->target) : "none";
}

TEST(Table, SendsEveryPathOfTheContractToItsService) {
    for (auto const* path :
         {"/api/auth/session", "/api/users/me", "/api/users/user_1", "/api/users/user_1/follow",
          "/api/discover/suggested-users", "/api/search/users", "/api/v1/users/me", "/api/users/"})
        EXPECT_EQ(target_of(path), "user") << path;
    for (auto const* path :
         {"/api/posts", "/api/posts/", "/api/v1/posts/feed/me", "/api/comments/c/replies",
          "/api/search", "/api/mentions", "/api/trending/tags", "/api/discover/trending",
          "/api/users/user_1/posts", "/api/v1/users/user_1/posts/", "/api/search/hashtags"})
        EXPECT_EQ(target_of(path), "post") << path;
    EXPECT_EQ(target_of("/api/media/upload"), "media");
    EXPECT_EQ(target_of("/api/payments/orders"), "payment");
    EXPECT_EQ(target_of("/api/push/subscribe"), "notification");
}

TEST(Table, KnowsNothingElse) {
    for (auto const* path :
         {"/", "", "/api", "/api/", "/api/v1", "/api/v1/", "/api/postsx", "/api/post",
          "/internal/users/cards", "/api/internal", "/API/posts", "//api/posts", "/api//posts",
          "/api/v2/posts", "/api/v1/v1/posts", "/api/discovery", "/health"})
        EXPECT_EQ(target_of(path), "none") << path;
}

}  // namespace
}  // namespace grover::gateway

// Who comes in through a login provider, and what becomes of the account that was there before.
#include "user/admission.hpp"

#include <gtest/gtest.h>

#include "auth/token.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"
#include "user/limits.hpp"
#include "user/schema.hpp"

namespace grover::user {
namespace {

using grover::testing::sync;

struct AdmissionTest : ::testing::Test {
    grover::testing::TemporaryFolder folder;
    std::unique_ptr<store::DocumentStore> store =
        store::open_sqlite({.file = folder.path() / "store.db", .schema = schema()});
    Data data{*store};
    Timestamp now = system_now();
    Clock clock = [this] { return now; };
    Sessions sessions{data, clock};
    Admission admission{data, sessions, clock, {.admin_emails = {"root@example.org"}}};

    static ExternalPerson ann() {
        return {.provider = "oidc:x",
                .subject = "42",
                .email = "ann@example.org",
                .email_verified = true,
                .name = "Ann",
                .picture = "https://x.example/a.jpg"};
    }
    User admit(ExternalPerson const& person) {
        store::Batch batch;
        auto user = sync(admission.admit(batch, person));
        if (!batch.empty()) commit(std::move(batch));
        return user;
    }
    std::string refusal(ExternalPerson const& person) {
        try {
            admit(person);
            return "";
        } catch (Error const& e) {
            EXPECT_EQ(e.status(), 401);
            return e.slug();
        }
    }
    void commit(store::Batch batch) { EXPECT_TRUE(sync(store->commit(std::move(batch)))); }

    /// Somebody registers with a password and is signed in; returns the token's hash.
    std::string register_with_password(std::string email) {
        store::Batch batch;
        auto const user = admission.make_user(std::move(email), "First", false);
        data.users.insert(batch, user);
        data.credentials.insert(batch, {.user_id = user.user_id, .password_hash = "hash"});
        auto const opened = sync(sessions.open(batch, user.user_id, {}));
        commit(std::move(batch));
        return auth::hash_token(opened.token);
    }
};

TEST_F(AdmissionTest, NewcomersGetAnAccountOnce) {
    auto const user = admit(ann());
    EXPECT_EQ(user.name, "Ann");
    EXPECT_EQ(user.picture, "https://x.example/a.jpg");
    EXPECT_TRUE(user.email_verified);
    auto again = ann();
    again.email = "new-address@example.org";  // The subject counts, not the e-mail.
    EXPECT_EQ(admit(again).user_id, user.user_id);
    EXPECT_EQ(admit(again).email, "ann@example.org");
}

TEST_F(AdmissionTest, AnotherProvidersSameSubjectIsAnotherPerson) {
    auto const user = admit(ann());
    auto other = ann();
    other.provider = "oidc:y";
    other.email = "other@example.org";
    EXPECT_NE(admit(other).user_id, user.user_id);
}

TEST_F(AdmissionTest, WhatProvidersSayIsCutAndChecked) {
    auto person = ann();
    person.name = std::string(10'000, 'x');
    person.picture = "javascript:alert(1)";
    person.email_verified.reset();
    auto const user = admit(person);
    EXPECT_EQ(user.name.size(), 100u);
    EXPECT_FALSE(user.picture);
    EXPECT_FALSE(user.email_verified);
}

TEST_F(AdmissionTest, WithoutAnEmailNobodyComesIn) {
    for (std::string const& bad :
         {std::string(), std::string("nope"), std::string("a@b"), std::string("a\0@x.org", 8),
          std::string("\xff@example.org"), std::string(300, 'a') + "@example.org"}) {
        auto person = ann();
        person.email = bad;
        EXPECT_EQ(refusal(person), "email_missing");
    }
    auto unverified = ann();
    unverified.email_verified = false;
    EXPECT_EQ(refusal(unverified), "email_missing");
}

TEST_F(AdmissionTest, LinksOnlyAVerifiedEmail) {
    register_with_password("Ann@example.org");
    auto unsaid = ann();
    unsaid.email_verified.reset();
    EXPECT_EQ(refusal(unsaid), "email_in_use");
    EXPECT_EQ(admit(ann()).name, "First");
}

TEST_F(AdmissionTest, LinksNoAddressThatOnlyLooksTheSame) {
    register_with_password("mike@example.org");
    auto person = ann();
    person.email = "mi\u212ae@example.org";  // The Kelvin sign folds to "k".
    EXPECT_EQ(refusal(person), "email_in_use");
}

TEST_F(AdmissionTest, LinkEndsWhatAnUnprovenOwnerHad) {
    auto const token_hash = register_with_password("ann@example.org");
    EXPECT_TRUE(sync(sessions.verify(token_hash)));
    auto const user = admit(ann());
    EXPECT_TRUE(user.email_verified);
    EXPECT_FALSE(sync(data.credentials.find(user.user_id)));
    EXPECT_FALSE(sync(sessions.verify(token_hash)));
    EXPECT_EQ(admit(ann()).user_id, user.user_id);
}

TEST_F(AdmissionTest, LinkOfAProvenAccountKeepsTheOtherIdentity) {
    auto const user = admit(ann());
    auto second = ann();
    second.provider = "broker";
    EXPECT_EQ(admit(second).user_id, user.user_id);
    EXPECT_EQ(admit(ann()).user_id, user.user_id);
}

TEST_F(AdmissionTest, AdminsAreThoseWhoseEmailIsProven) {
    EXPECT_EQ(admission.make_user("root@example.org", "R", false).roles, std::vector{Role::user});
    Admission const lenient(data, sessions, clock,
                            {.admin_emails = {"root@example.org"}, .admins_need_proof = false});
    EXPECT_EQ(lenient.make_user("ROOT@example.org", "R", false).roles,
              (std::vector{Role::user, Role::admin}));
    register_with_password("root@example.org");
    auto root = ann();
    root.email = "root@example.org";
    EXPECT_EQ(admit(root).roles, (std::vector{Role::user, Role::admin}));
    EXPECT_EQ(sync(data.user(admit(root).user_id))->roles, (std::vector{Role::user, Role::admin}));
}

// ---- Sessions -----------------------------------------------------------------------------------

TEST_F(AdmissionTest, SessionsEndAfterTheirTime) {
    auto const token_hash = register_with_password("ann@example.org");
    auto const session = sync(sessions.verify(token_hash));
    ASSERT_TRUE(session);
    EXPECT_EQ(session->roles, std::vector{Role::user});
    EXPECT_FALSE(sync(sessions.verify(auth::hash_token("another"))));
    now = now + limits::session_lifetime;
    EXPECT_FALSE(sync(sessions.verify(token_hash)));
    EXPECT_TRUE(sync(sessions.of(session->user_id)).empty());
}

TEST_F(AdmissionTest, TheOldestSessionMakesRoom) {
    auto const first = register_with_password("ann@example.org");
    auto const id = sync(sessions.verify(first))->user_id;
    for (std::size_t i = 1; i < limits::sessions_per_user_max; ++i) {
        now = now + std::chrono::seconds(1);
        store::Batch batch;
        sync(sessions.open(batch, id, {}));
        commit(std::move(batch));
    }
    EXPECT_TRUE(sync(sessions.verify(first)));
    now = now + std::chrono::seconds(1);
    store::Batch batch;
    sync(sessions.open(batch, id, {}));
    commit(std::move(batch));
    EXPECT_FALSE(sync(sessions.verify(first)));
    EXPECT_EQ(sync(sessions.of(id)).size(), limits::sessions_per_user_max);
}

TEST_F(AdmissionTest, RevocationsAreListedUntilEveryoneHasSeenThem) {
    auto const token_hash = register_with_password("ann@example.org");
    auto const start = sync(sessions.revoked(""));
    EXPECT_TRUE(start.token_hashes.empty());
    store::Batch batch;
    sessions.end(batch, token_hash);
    commit(std::move(batch));
    auto const next = sync(sessions.revoked(start.position));
    EXPECT_EQ(next.token_hashes, std::vector{token_hash});
    // What is listed twice does no harm; what is missed would.
    EXPECT_EQ(sync(sessions.revoked(next.position)).token_hashes, std::vector{token_hash});
    now = now + limits::revocation_overlap * 2;
    auto const later = sync(sessions.revoked(next.position));
    EXPECT_TRUE(sync(sessions.revoked(later.position)).token_hashes.empty());
    for (auto const* bad : {"x", "0", "2026", "-1"})
        EXPECT_THROW(sync(sessions.revoked(bad)), Error) << bad;
}

TEST_F(AdmissionTest, RevocationsBeyondOnePageAreAllListed) {
    auto const start = sync(sessions.revoked(""));
    store::Batch batch;
    for (int i = 0; i < 2'500; ++i) sessions.end(batch, "hash-" + std::to_string(i));
    commit(std::move(batch));
    EXPECT_EQ(sync(sessions.revoked(start.position)).token_hashes.size(), 2'500u);
}

TEST_F(AdmissionTest, LastSeenIsWrittenAtMostOnceAMinute) {
    auto const token_hash = register_with_password("ann@example.org");
    auto const seen = [&] {
        sync(sessions.verify(token_hash));
        sync(sessions.write_last_seen());
        return sync(data.sessions.find(token_hash))->value.last_seen_at;
    };
    auto const first = seen();
    now = now + limits::last_seen_precision / 2;
    EXPECT_EQ(seen(), first);
    now = now + limits::last_seen_precision;
    EXPECT_EQ(seen(), now);
}

}  // namespace
}  // namespace grover::user

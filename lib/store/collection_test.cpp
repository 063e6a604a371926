#include "store/collection.hpp"

#include <gtest/gtest.h>

#include "store/sqlite/sqlite_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::store {
namespace {

using testing::sync;
using testing::TemporaryFolder;

using NoteId = grover::Id<"note">;
using UserId = grover::Id<"user">;

enum class Kind { plain, private_ };
BOOST_DESCRIBE_ENUM(Kind, plain, private_)

struct Note {
    NoteId note_id;
    UserId user_id;
    Kind kind = Kind::plain;
    Text<0, 100> content;
    std::optional<std::string> place;
    std::vector<std::string> tags;
    std::map<std::string, std::int64_t> reactions;
    std::int64_t likes = 0;
    double score = 0;
    bool pinned = false;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Note, (),
                      (note_id, user_id, kind, content, place, tags, reactions, likes, score,
                       pinned, created_at))

Schema schema() {
    return {{{.name = "notes",
              .indexes = {{{"user_id"}}, {{"kind", "created_at"}}, {{"place"}}},
              .searchable = {"content"}}}};
}

Note note(std::string id, std::string user) {
    return {.note_id = NoteId::trusted(std::move(id)),
            .user_id = UserId::trusted(std::move(user)),
            .kind = Kind::private_,
            .content = {"Grüße \"quoted\" \n 😀"},
            .place = std::nullopt,
            .tags = {"a", "b"},
            .reactions = {{"love", 2}},
            .likes = 7,
            .score = 0.25,
            .pinned = true,
            .created_at = {1'700'000'000'123}};
}

class CollectionTest : public ::testing::Test {
protected:
    void commit(Batch batch) { ASSERT_TRUE(sync(store_->commit(std::move(batch))).has_value()); }
    void insert(Note const& value) {
        Batch batch;
        notes_.insert(batch, value);
        commit(std::move(batch));
    }

    TemporaryFolder folder_;
    std::unique_ptr<DocumentStore> store_ =
        open_sqlite({.file = folder_.path() / "notes.db", .schema = schema()});
    Collection<Note> notes_{*store_, "notes"};
};

TEST_F(CollectionTest, EveryMemberComesBackAsItWas) {
    auto const in = note("note_1", "user_1");
    insert(in);
    auto const out = sync(notes_.find(in.note_id));
    ASSERT_TRUE(out);
    EXPECT_EQ(reflect::to_json(out->value), reflect::to_json(in));
    EXPECT_EQ(out->version, 1);
    EXPECT_FALSE(sync(notes_.find(NoteId::trusted("note_2"))));
}

TEST_F(CollectionTest, TheIdIsStoredAsUnderscoreIdAndEmptyOptionalsNotAtAll) {
    auto const body = Collection<Note>::encode(note("note_1", "user_1"));
    EXPECT_EQ(body.at("_id"), "note_1");
    EXPECT_FALSE(body.contains("note_id"));
    EXPECT_FALSE(body.contains("place"));
    EXPECT_EQ(body.at("kind"), "private");
    EXPECT_EQ(body.at("created_at"), "2023-11-14T22:13:20.123Z");
}

TEST_F(CollectionTest, FiltersNameMembersAndTakeTheirTypes) {
    for (auto i = 0; i < 6; ++i)
        insert(note("note_" + std::to_string(i), i % 2 ? "user_odd" : "user_even"));
    auto const even = UserId::trusted("user_even");
    auto const odd = UserId::trusted("user_odd");
    auto const ids = [](std::vector<Stored<Note>> const& notes) {
        std::string out;
        for (auto const& n : notes) out += n->note_id.str().back();
        return out;
    };
    EXPECT_EQ(ids(sync(notes_.list({.filter = where<&Note::user_id>(even)}))), "024");
    std::vector<OrderBy<Note>> const newest{descending<&Note::note_id>()};
    EXPECT_EQ(ids(sync(notes_.list({.filter = where<&Note::user_id>.in(std::vector{odd, even}),
                                    .order = newest,
                                    .limit = 4}))),
              "5432");
    auto const last = note("note_2", "user_even");
    EXPECT_EQ(ids(sync(notes_.list({.filter = where<&Note::user_id>.in(std::vector{odd, even}),
                                    .order = newest,
                                    .after = Collection<Note>::position(newest, last)}))),
              "10");
    EXPECT_EQ(sync(notes_.count(where<&Note::kind>(Kind::private_) &&
                                where<&Note::created_at>.less({1'800'000'000'000}))),
              6);
    EXPECT_EQ(sync(notes_.count(where<&Note::place>.missing())), 6);
    EXPECT_EQ(sync(notes_.count(where<&Note::place>("here"))), 0);
}

TEST_F(CollectionTest, PatchesSetAndCount) {
    insert(note("note_1", "user_1"));
    auto const id = NoteId::trusted("note_1");
    Batch batch;
    notes_.patch(batch, id)
        .set<&Note::content>({"new"})
        .set<&Note::place>("here")
        .inc<&Note::likes>(-2)
        .inc<&Note::reactions>("sad")
        .only_if(where<&Note::user_id>(UserId::trusted("user_1")))
        .if_version(1);
    commit(std::move(batch));
    auto const out = sync(notes_.find(id));
    EXPECT_EQ(out->value.content.value, "new");
    EXPECT_EQ(out->value.place, "here");
    EXPECT_EQ(out->value.likes, 5);
    EXPECT_EQ(out->value.reactions, (std::map<std::string, std::int64_t>{{"love", 2}, {"sad", 1}}));
    EXPECT_EQ(out->version, 2);
    Batch wrong;
    EXPECT_THROW(notes_.patch(wrong, id).inc<&Note::reactions>("a.b"), std::logic_error);
}

TEST_F(CollectionTest, ReplaceUpsertRemove) {
    auto value = note("note_1", "user_1");
    insert(value);
    value.likes = 100;
    Batch batch;
    notes_.replace(batch, value, 1);
    notes_.upsert(batch, note("note_2", "user_2"));
    notes_.remove(batch, NoteId::trusted("note_3"), {.ignore_missing = true});
    commit(std::move(batch));
    auto const both = sync(notes_.find_many(
        {NoteId::trusted("note_2"), NoteId::trusted("note_3"), NoteId::trusted("note_1")}));
    ASSERT_EQ(both.size(), 3u);
    EXPECT_TRUE(both[0]);
    EXPECT_FALSE(both[1]);
    EXPECT_EQ((*both[2])->likes, 100);
    Batch all;
    notes_.remove_all(all, where<&Note::user_id>(UserId::trusted("user_1")));
    notes_.remove(all, NoteId::trusted("note_2"));
    commit(std::move(all));
    EXPECT_EQ(sync(notes_.count({})), 0);
}

TEST_F(CollectionTest, ADocumentThatDoesNotFitIsNoClientError) {
    Batch batch;
    batch.add(Insert{"notes", {{"_id", "note_1"}, {"likes", "many"}}});
    commit(std::move(batch));
    EXPECT_THROW(sync(notes_.find(NoteId::trusted("note_1"))), std::runtime_error);
}

}  // namespace
}  // namespace grover::store

// Every event that was ever published must decode for ever: contracts/golden holds one envelope of
// each. A new event needs a golden file and a place in `Events`; a golden file is never edited.
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "contracts/events.hpp"
#include "events/events.hpp"

namespace grover::contracts {
namespace {

std::filesystem::path const folder = GROVER_GOLDEN_FOLDER;

std::string read_file(std::filesystem::path const& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <class E>
class Golden : public testing::Test {};
using EventTypes = boost::mp11::mp_rename<Events, testing::Types>;
TYPED_TEST_SUITE(Golden, EventTypes);

TYPED_TEST(Golden, Decodes) {
    auto const text = read_file(folder / (std::string(TypeParam::topic) + ".json"));
    ASSERT_FALSE(text.empty()) << "there is no golden file of " << TypeParam::topic;
    auto const envelope = reflect::from_json<events::Envelope>(text);
    EXPECT_EQ(envelope.type, TypeParam::topic);
    // What today's code writes still has every member that the old one had, with the same value.
    auto const event = reflect::from_value<TypeParam>(envelope.data);
    auto const written = reflect::to_value(event);
    for (auto const& [name, value] : envelope.data.as_object()) {
        ASSERT_TRUE(written.as_object().contains(name)) << name << " is gone";
        EXPECT_EQ(written.at(name), value) << name;
    }
}

TYPED_TEST(Golden, MembersThatAreMissingInOldEventsAreOptional) {
    auto const text = read_file(folder / (std::string(TypeParam::topic) + ".json"));
    auto const envelope = reflect::from_json<events::Envelope>(text);
    // Reading as a request is strict: it would name a member that the golden file lacks.
    EXPECT_NO_THROW(reflect::from_value<TypeParam>(envelope.data, reflect::Reading::request));
}

template <class... E>
std::set<std::string> topics(testing::Types<E...>) {
    return {std::string(E::topic)...};
}

TEST(GoldenFolder, HasAnEventForEveryFile) {
    std::set<std::string> files;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        files.insert(entry.path().stem());
    EXPECT_EQ(files, topics(EventTypes{}));
}

}  // namespace
}  // namespace grover::contracts

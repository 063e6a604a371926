// docs/gateway.md: each of its examples is a configuration, and no key is missing.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "gateway/config/load.hpp"

namespace grover::gateway {
namespace {

/// Tests run in the root of the work tree.
std::string page() {
    std::ifstream in("docs/gateway.md");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// The names of all members, however deep.
template <class T>
struct Keys {
    static void collect(std::set<std::string>& out) {
        if constexpr (reflect::Described<T>)
            boost::mp11::mp_for_each<boost::describe::describe_members<
                T, boost::describe::mod_public | boost::describe::mod_inherited>>([&](auto member) {
                std::string_view const name = member.name;
                out.emplace(name.ends_with('_') ? name.substr(0, name.size() - 1) : name);
                Keys<std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>>::collect(
                    out);
            });
    }
};
template <class T>
struct Keys<std::optional<T>> : Keys<T> {};
template <class T>
struct Keys<std::vector<T>> : Keys<T> {};
template <class K, class T>
struct Keys<std::map<K, T>> : Keys<T> {};

TEST(ConfigurationPage, ItsExamplesAreConfigurations) {
    auto const text = page();
    constexpr std::string_view fence = "```yaml\n";
    std::size_t examples = 0;
    for (auto at = text.find(fence); at != text.npos; at = text.find(fence, at)) {
        at += fence.size();
        auto const end = text.find("```", at);
        ASSERT_NE(end, text.npos);
        ++examples;
        auto const line =
            1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
        EXPECT_NO_THROW(parse_config({"example", text.substr(at, end - at)}))
            << "the example in line " << line;
        at = end;
    }
    EXPECT_GE(examples, 6u);
}

TEST(ConfigurationPage, NamesEveryKey) {
    auto const text = page();
    std::set<std::string> keys;
    Keys<Config>::collect(keys);
    EXPECT_GT(keys.size(), 80u);
    for (auto const& key : keys)
        EXPECT_TRUE(text.contains(key + ":") || text.contains("`" + key + "`")) << key;
}

}  // namespace
}  // namespace grover::gateway

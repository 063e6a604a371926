// docs/gateway.md: each of its examples is a configuration, no key is missing, and no metric; and
// no page names a metric that there is not.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "gateway/config/load.hpp"

namespace grover::gateway {
namespace {

/// Tests run in the root of the work tree.
std::string page(std::filesystem::path const& path = "docs/gateway.md") {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::filesystem::path> files_below(std::filesystem::path const& folder,
                                               std::string_view extension) {
    std::vector<std::filesystem::path> out;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == extension) out.push_back(entry.path());
    return out;
}

/// What the first group of `pattern` finds in a text.
std::set<std::string> all_of(std::string const& text, std::regex const& pattern) {
    std::set<std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
        out.insert((*at)[1]);
    return out;
}

/// The metrics that the code of `folder` makes, as it spells them.
std::set<std::string> metrics_of(std::filesystem::path const& folder) {
    std::set<std::string> out;
    std::regex const made(R"re((?:counter|gauge|histogram)\(\s*"([a-z0-9_]+)")re");
    for (auto const& file : files_below(folder, ".cpp"))
        if (!file.stem().string().ends_with("_test")) out.merge(all_of(page(file), made));
    return out;
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

TEST(ConfigurationPage, NamesEveryMetricOfTheGateway) {
    auto const text = page();
    auto const made = metrics_of("services/gateway");
    EXPECT_GT(made.size(), 20u);
    for (auto const& name : made) EXPECT_TRUE(text.contains("`" + name + "`")) << name;
}

TEST(Documents, NameNoMetricThatThereIsNot) {
    auto made = metrics_of("services");
    made.merge(metrics_of("lib"));
    // A word of the configuration may look like a metric but for its prefix.
    std::regex const named("`((?:gateway|http|http2|grover_events)_[a-z_]+)[`{]");
    auto pages = files_below("docs", ".md");
    std::ranges::copy(files_below("services", ".md"), std::back_inserter(pages));
    for (auto const& file : pages)
        for (auto const& name : all_of(page(file), named))
            EXPECT_TRUE(made.contains(name)) << file << " names " << name;
}

}  // namespace
}  // namespace grover::gateway

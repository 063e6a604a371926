// What is wrong with a file that is no YAML, in plain words. yaml-cpp says where its grammar gave
// up, which is often behind the mistake, and in the terms of that grammar.
#pragma once

#include <string>
#include <string_view>

namespace grover::gateway::config {

struct SyntaxProblem {
    int line = 0;    // from 1; 0 stands for the file as a whole
    int column = 0;  // from 1, in bytes
    std::string what;
};

/// `line` and `column`, both from 1, are where yaml-cpp stopped reading `text`, `said` is its
/// reason.
SyntaxProblem explain_syntax(std::string_view text, int line, int column, std::string_view said);

}  // namespace grover::gateway::config

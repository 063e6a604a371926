// Text without regard to case, for keys that must be unique whatever the capitals: e-mail,
// hashtags.
#pragma once

#include <string>
#include <string_view>

namespace grover {

/// Unicode's simple case folding (CaseFolding.txt 14.0, statuses C and S): one code point becomes
/// one code point, so "ß" stays and the dotless "ı" is not "i". `text` must be valid UTF-8. Linear.
std::string fold_case(std::string_view text);

}  // namespace grover

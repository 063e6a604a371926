// Opens the file safely and brings its tables to the declared schema.
#pragma once

#include <filesystem>

#include "store/sqlite/layout.hpp"

namespace grover::store::sqlite {

/// Keeps other processes off `file` while it lives: two would not see each other's commits in time.
/// Throws ConfigError when another one has it, or the folder cannot be made or written to.
class FileLock {
public:
    explicit FileLock(std::filesystem::path const& file);
    ~FileLock();
    FileLock(FileLock const&) = delete;
    FileLock& operator=(FileLock const&) = delete;

private:
    int descriptor_ = -1;
};

/// Makes the file, or checks it and migrates it in one transaction. Throws ConfigError; a file that
/// is damaged, foreign or newer is left as it is.
void migrate(std::filesystem::path const& file, Layout const& layout);

}  // namespace grover::store::sqlite

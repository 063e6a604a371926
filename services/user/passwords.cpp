#include "user/passwords.hpp"

#include "auth/password.hpp"
#include "base/error.hpp"
#include "user/limits.hpp"

namespace grover::user {

/// A place among those in work.
class Passwords::Place {
public:
    explicit Place(std::atomic<int>& in_work) : in_work_(in_work) {
        if (in_work_.fetch_add(1) < limits::passwords_in_work_max) return;
        in_work_.fetch_sub(1);
        throw Error(ErrorCode::unavailable, "too many people sign in at once: try again")
            .with_retry_after(std::chrono::seconds(2));
    }
    ~Place() { in_work_.fetch_sub(1); }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

private:
    std::atomic<int>& in_work_;
};

net::Task<std::string> Passwords::hash(std::string password) {
    Place const place(in_work_);
    co_return co_await net::run_blocking(
        pool_, [password = std::move(password)] { return auth::hash_password(password); });
}

net::Task<bool> Passwords::matches(std::optional<std::string> hash, std::string password) {
    Place const place(in_work_);
    co_return co_await net::run_blocking(
        pool_, [hash = std::move(hash), password = std::move(password)] {
            bool const good = auth::verify_password(hash ? *hash : auth::decoy_hash(), password);
            return good && hash.has_value();
        });
}

}  // namespace grover::user

#include "programs/daemon/node_folder.hpp"

#include "actors/nodes/safe_files.hpp"
#include "definitions/json.hpp"

#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace quaero {

namespace {

constexpr int64_t format_version = 1;

value list_of(const std::vector<std::string>& xs) {
  value::array out;
  for (const auto& x : xs)
    out.emplace_back(x);
  return out;
}

std::string write(const node_record& x) {
  auto slots = value::make_object();
  for (const auto& [type, n] : x.slots)
    slots.set(type, n);
  return to_pretty_json(value::make_object(
           {{"version", format_version},
            {"node", x.node},
            {"hub", x.hub},
            {"key", x.own.key},
            {"certificate", x.own.certificate},
            {"authority", x.authority},
            {"workers", list_of(x.workers)},
            {"expires_at",
             x.has_joined() ? value{to_rfc3339(x.expires_at)} : value{}},
            {"invitation", x.invitation},
            {"labels", list_of(x.labels)},
            {"slots", std::move(slots)}}))
         + "\n";
}

std::string read(const std::string& text, node_record& out) {
  value all;
  std::string why;
  if (!parse_json(text, all, why))
    return why;
  if (all.get_int("version") != format_version)
    return "it is of another version";
  auto text_of
    = [&](const char* name) { return all.get_string(name).value_or(""); };
  auto list = [&](const char* name) {
    return all.get_strings(name).value_or(std::vector<std::string>{});
  };
  out.node = text_of("node");
  out.hub = text_of("hub");
  out.own = {text_of("certificate"), text_of("key")};
  out.authority = text_of("authority");
  out.workers = list("workers");
  out.invitation = text_of("invitation");
  out.labels = list("labels");
  if (const auto* slots = all.find("slots"); slots && slots->is_object())
    for (const auto& [type, n] : slots->as_object())
      if (n.is_int() && n.as_int() > 0)
        out.slots[type] = static_cast<uint64_t>(n.as_int());
  const bool is_good
    = is_node_name(out.node) && !out.hub.empty() && !out.own.key.empty()
      && (!out.has_joined()
          || (belongs(out.own) && !out.authority.empty()
              && from_rfc3339(text_of("expires_at"), out.expires_at)));
  return is_good ? "" : "it is not what it should be";
}

} // namespace

node_folder::~node_folder() {
  if (lock_ >= 0)
    ::close(lock_);
}

std::unique_ptr<node_folder> node_folder::open(const std::string& data_dir,
                                               std::string& why) {
  std::unique_ptr<node_folder> out{new node_folder};
  std::error_code failed;
  const auto dir = std::filesystem::absolute(data_dir).lexically_normal();
  std::filesystem::create_directories(dir, failed);
  if (failed) {
    why = "data directory " + dir.string()
          + " cannot be made: " + failed.message();
    return nullptr;
  }
  out->path_ = (dir / "node").string();
  why = make_private_folder(out->path_);
  if (why.empty())
    why = out->load();
  return why.empty() ? std::move(out) : nullptr;
}

std::string node_folder::load() {
  const auto lock = path_ + "/lock";
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0)
    return "cannot use " + lock + ": " + std::strerror(errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return path_
           + " is in use by another node's daemon; choose another folder with "
             "--data-dir";
  std::string text;
  if (auto why = read_private(path_ + "/node.json", text); !why.empty())
    return why;
  if (text.empty())
    return {};
  if (auto why = read(text, record_); !why.empty())
    return path_ + "/node.json: " + why;
  return {};
}

std::string node_folder::store(node_record next) {
  if (auto why = write_private(path_ + "/node.json", write(next)); !why.empty())
    return why;
  record_ = std::move(next);
  return {};
}

} // namespace quaero

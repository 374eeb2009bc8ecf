#include "actors/nodes/safe_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace quaero {

namespace {

std::string failed(const char* what, const std::string& path) {
  return std::string{"cannot "} + what + " " + path + ": "
         + std::strerror(errno);
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

private:
  int fd_;
};

bool write_all(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    auto n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool sync_folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  auto folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

} // namespace

std::string make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0)
    return sync_folder_of(path) ? "" : failed("keep", path);
  if (errno != EEXIST)
    return failed("make", path);
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
    errno = ENOTDIR;
    return failed("use", path);
  }
  return ::chmod(path.c_str(), 0700) == 0 ? "" : failed("protect", path);
}

std::string write_private(const std::string& path, const std::string& text) {
  const auto next = path + ".new";
  if (::unlink(next.c_str()) != 0 && errno != ENOENT)
    return failed("replace", next);
  {
    descriptor fd{
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    // The mode again, since a mask can take bits of it away.
    if (fd.get() < 0 || ::fchmod(fd.get(), 0600) != 0
        || !write_all(fd.get(), text) || ::fsync(fd.get()) != 0)
      return failed("write", next);
  }
  if (::rename(next.c_str(), path.c_str()) != 0 || !sync_folder_of(path))
    return failed("replace", path);
  return {};
}

std::string read_private(const std::string& path, std::string& out) {
  out.clear();
  descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (fd.get() < 0)
    return errno == ENOENT ? "" : failed("read", path);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0)
    return failed("read", path);
  if (!S_ISREG(facts.st_mode) || (facts.st_mode & 077) != 0)
    return path + " can be used by others; make its mode 0600";
  if (static_cast<size_t>(facts.st_size) > private_file_bytes_max)
    return path + " is too large";
  std::string text(static_cast<size_t>(facts.st_size), '\0');
  for (size_t done = 0; done < text.size();) {
    auto n = ::read(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return failed("read", path);
    done += static_cast<size_t>(n);
  }
  out = std::move(text);
  return {};
}

} // namespace quaero

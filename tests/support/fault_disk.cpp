// A disk that fails on command, for programs that were not made for it: loaded
// before the C library (LD_PRELOAD), it stands between a program and the files
// below one folder.
//
//   FAULT_DISK_DIR      the folder, an absolute path
//   FAULT_DISK_CONTROL  a file; while it is there, calls fail as it says
//
// The control file has two words, WHAT and ERROR:
//
//   write ENOSPC   a write takes half of its bytes, the next one none
//   write EIO      likewise
//   sync EIO       fsync and fdatasync fail
//   all EROFS      nothing can be written, made, renamed or removed
//
// Looked at with each call: whoever makes or removes the file decides from one
// call to the next.

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

enum class call { write, sync, change };

template <class F>
F next_of(F, const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

// System calls of its own, which are not looked at again.
size_t read_control(char* text, size_t size) {
  const char* path = std::getenv("FAULT_DISK_CONTROL");
  if (path == nullptr)
    return 0;
  const long fd
    = ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return 0;
  const long n = ::syscall(SYS_read, fd, text, size - 1);
  ::syscall(SYS_close, fd);
  if (n <= 0)
    return 0;
  text[n] = '\0';
  return static_cast<size_t>(n);
}

int number_of(const char* error) {
  if (std::strcmp(error, "ENOSPC") == 0)
    return ENOSPC;
  if (std::strcmp(error, "EROFS") == 0)
    return EROFS;
  return EIO;
}

// @returns the error that this call has to fail with, or 0.
int fault(call what) {
  const int kept = errno;
  char text[64];
  char kind[16] = "";
  char error[16] = "";
  int out = 0;
  if (read_control(text, sizeof(text)) > 0
      && std::sscanf(text, "%15s %15s", kind, error) == 2) {
    const bool all = std::strcmp(kind, "all") == 0;
    const bool meant
      = (what == call::write && std::strcmp(kind, "write") == 0)
        || (what == call::sync && std::strcmp(kind, "sync") == 0);
    if (all || meant)
      out = number_of(error);
  }
  errno = kept;
  return out;
}

bool is_below(const char* path) {
  const char* dir = std::getenv("FAULT_DISK_DIR");
  return dir != nullptr && path != nullptr
         && std::strncmp(path, dir, std::strlen(dir)) == 0;
}

bool is_below(int fd) {
  char name[64];
  char path[4096];
  std::snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  const long n
    = ::syscall(SYS_readlinkat, AT_FDCWD, name, path, sizeof(path) - 1);
  if (n <= 0)
    return false;
  path[n] = '\0';
  return is_below(path);
}

int fail(int error) {
  errno = error;
  return -1;
}

// A disk that is full takes what still fits.
bool half_taken = false;

bool changes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
}

} // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto next = next_of(&write, "write");
  if (is_below(fd)) {
    if (const int error = fault(call::write); error != 0) {
      if (error == EROFS || half_taken || size < 2)
        return fail(error);
      half_taken = true;
      return next(fd, bytes, size / 2);
    }
  }
  return next(fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = next_of(&writev, "writev");
  if (is_below(fd))
    if (const int error = fault(call::write); error != 0)
      return fail(error);
  return next(fd, parts, count);
}

int fsync(int fd) {
  static const auto next = next_of(&fsync, "fsync");
  if (is_below(fd))
    if (const int error = fault(call::sync); error != 0)
      return fail(error);
  return next(fd);
}

int fdatasync(int fd) {
  static const auto next = next_of(&fdatasync, "fdatasync");
  if (is_below(fd))
    if (const int error = fault(call::sync); error != 0)
      return fail(error);
  return next(fd);
}

int open(const char* path, int flags, ...) {
  static const auto next = next_of(&open, "open");
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  if (changes(flags) && is_below(path))
    if (const int error = fault(call::change); error != 0)
      return fail(error);
  return next(path, flags, mode);
}

int rename(const char* from, const char* to) noexcept {
  static const auto next = next_of(&rename, "rename");
  if (is_below(to))
    if (const int error = fault(call::change); error != 0)
      return fail(error);
  return next(from, to);
}

int unlink(const char* path) noexcept {
  static const auto next = next_of(&unlink, "unlink");
  if (is_below(path))
    if (const int error = fault(call::change); error != 0)
      return fail(error);
  return next(path);
}

} // extern "C"

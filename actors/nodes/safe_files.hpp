#pragma once

#include <string>

/// Files that nobody else may read, whole or not there.
namespace quaero {

/// Bytes of a file that read_private() takes.
inline constexpr size_t private_file_bytes_max = 16 * 1024 * 1024;

/// Makes the folder with mode 0700, or sets the mode of one that is there.
/// @returns "" or a sentence with the reason.
std::string make_private_folder(const std::string& path);

/// Replaces a file at once, with mode 0600; when it returns, a loss of power
/// does not bring the former one back.
/// @returns "" or a sentence with the reason; the former one is then still
///          there.
std::string write_private(const std::string& path, const std::string& text);

/// @returns "" or a sentence with the reason. A file that is not there is "",
///          and leaves `out` empty. One that others may read is refused.
std::string read_private(const std::string& path, std::string& out);

} // namespace quaero

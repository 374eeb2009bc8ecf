#pragma once

#include "actors/gateway/line.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
} // namespace boost::asio::ssl

namespace quaero {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// Reads what a server shows and keeps: PEM files of the certificate, with
/// those that vouch for it behind it, and of its key. Takes TLS 1.2 and later.
/// @returns "" and `out`, or a sentence that names the setting and the reason.
std::string load_tls(const std::string& certificate, const std::string& key,
                     tls_context& out);

/// A line through TLS, whose server side this is.
std::unique_ptr<line> tls_line(boost::asio::ip::tcp::socket socket,
                               const tls_context& context);

} // namespace quaero

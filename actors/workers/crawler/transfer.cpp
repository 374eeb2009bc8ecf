#include "actors/workers/crawler/transfer.hpp"

#include "actors/workers/crawler/charset.hpp"
#include "actors/workers/crawler/url.hpp"
#include "definitions/ascii.hpp"

#include <algorithm>
#include <new>
#include <system_error>

namespace quaero::crawler {

namespace {

fetch_error classify(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return fetch_error::none;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fetch_error::invalid_url;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fetch_error::dns;
    case CURLE_COULDNT_CONNECT:
      return fetch_error::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return fetch_error::timeout;
    case CURLE_FILESIZE_EXCEEDED:
      return fetch_error::too_large;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return fetch_error::tls;
    default:
      return fetch_error::other;
  }
}

// libc and libcurl begin their sentences with a capital; ours goes on.
std::string continued(std::string text) {
  bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!text.empty() && !acronym)
    text[0] = to_lower(text.substr(0, 1))[0];
  return text;
}

std::string system_message(long code) {
  return continued(std::system_category().message(static_cast<int>(code)));
}

long in_seconds(milliseconds x) {
  return static_cast<long>((x.count() + 999) / 1000);
}

} // namespace

transfer::transfer() : easy_{curl_easy_init()} {
  if (!easy_)
    throw std::bad_alloc{};
}

void transfer::begin(const fetch_request& request, const std::string& url,
                     const fetcher_settings& settings, bool with_headers) {
  request_ = &request;
  url_ = url;
  refusal_ = refusal::none;
  header_bytes_ = 0;
  result_ = {};
  auto* curl = handle();
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(curl, CURLOPT_USERAGENT, settings.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, settings.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &transfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &transfer::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  set_limits(settings);
  set_headers(with_headers);
}

void transfer::set_limits(const fetcher_settings& settings) {
  auto* curl = handle();
  auto& x = *request_;
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(x.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(x.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT,
                   static_cast<long>(x.low_speed_bytes));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, in_seconds(x.low_speed_time));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, settings.verify_tls ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, settings.verify_tls ? 2L : 0L);
}

void transfer::set_headers(bool with_headers) {
  header_list_.reset();
  if (!with_headers)
    return;
  for (auto& [name, data] : request_->headers) {
    auto line = name + ": " + data;
    // A line end would let the value add headers of its own.
    if (line.find_first_of("\r\n") != std::string::npos)
      continue;
    auto* longer = curl_slist_append(header_list_.get(), line.c_str());
    if (longer == nullptr)
      throw std::bad_alloc{};
    (void)header_list_.release();
    header_list_.reset(longer);
  }
  curl_easy_setopt(handle(), CURLOPT_HTTPHEADER, header_list_.get());
}

size_t transfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& me = *static_cast<transfer*>(self);
  return me.take_header({data, size * count}) ? size * count : 0;
}

size_t transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto& me = *static_cast<transfer*>(self);
  auto bytes = size * count;
  if (me.result_.body.size() + bytes > me.request_->body_max) {
    me.refusal_ = refusal::body_size;
    return CURL_WRITEFUNC_ERROR;
  }
  me.result_.body.append(data, bytes);
  return bytes;
}

bool transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > response_headers_bytes_max) {
    refusal_ = refusal::header_size;
    return false;
  }
  if (line.starts_with("HTTP/")) {
    result_.headers.clear(); // what came before was only informational
    return true;
  }
  line = trim(line);
  if (line.empty())
    return check_head();
  auto colon = line.find(':');
  if (colon == std::string_view::npos)
    return true;
  auto name = to_lower(trim(line.substr(0, colon)));
  auto& data = result_.headers[name];
  if (!data.empty())
    data += name == "set-cookie" ? "\n" : ", ";
  data += trim(line.substr(colon + 1));
  return true;
}

bool transfer::check_head() {
  long status = 0;
  curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status >= 300)
    return true;
  auto found = result_.headers.find("content-type");
  if (!request_->accept_types.empty() && found != result_.headers.end()) {
    auto& accepted = request_->accept_types;
    if (std::ranges::find(accepted, media_type(found->second))
        == accepted.end()) {
      refusal_ = refusal::type;
      return false;
    }
  }
  curl_off_t announced = -1;
  curl_easy_getinfo(handle(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced > 0 && static_cast<uint64_t>(announced) > request_->body_max) {
    refusal_ = refusal::body_size;
    return false;
  }
  return true;
}

fetch_result transfer::finish(CURLcode code) {
  long status = 0;
  curl_off_t micros = 0;
  curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle(), CURLINFO_TOTAL_TIME_T, &micros);
  result_.status = static_cast<int>(status);
  result_.elapsed = milliseconds{micros / 1000};
  result_.final_url = url_;
  if (auto found = result_.headers.find("content-type");
      found != result_.headers.end())
    result_.content_type = found->second;
  explain(code, result_);
  if (!result_.ok())
    result_.body.clear();
  return std::move(result_);
}

void transfer::explain(CURLcode code, fetch_result& out) const {
  if (refusal_ != refusal::none) {
    out.error = refusal_ == refusal::type ? fetch_error::content_type
                                          : fetch_error::too_large;
    out.message = explain_refusal();
    return;
  }
  out.error = classify(code);
  auto host = host_key(url_);
  auto reason = continued(curl_easy_strerror(code));
  long os_error = 0;
  curl_easy_getinfo(handle(), CURLINFO_OS_ERRNO, &os_error);
  switch (out.error) {
    case fetch_error::none:
      return;
    case fetch_error::dns:
      out.message
        = "could not find the address of " + host.substr(0, host.rfind(':'));
      return;
    case fetch_error::connect:
      out.message = "could not connect to " + host + ": "
                    + (os_error != 0 ? system_message(os_error) : reason);
      return;
    case fetch_error::timeout:
      out.message = "no complete answer from " + host + " within "
                    + std::to_string(out.elapsed.count()) + " ms";
      return;
    case fetch_error::tls:
      out.message = "no secure connection to " + host + ": " + reason;
      return;
    case fetch_error::invalid_url:
      out.message = "not an http or https URL: " + url_;
      return;
    default:
      out.message = "the transfer from " + host + " failed: " + reason;
  }
}

std::string transfer::explain_refusal() const {
  switch (refusal_) {
    case refusal::type: {
      auto found = result_.headers.find("content-type");
      auto type
        = found == result_.headers.end() ? "" : media_type(found->second);
      return "the content type \"" + type + "\" is not accepted";
    }
    case refusal::header_size:
      return "the headers are larger than "
             + std::to_string(response_headers_bytes_max) + " bytes";
    default:
      return "the body is larger than " + std::to_string(request_->body_max)
             + " bytes";
  }
}

} // namespace quaero::crawler

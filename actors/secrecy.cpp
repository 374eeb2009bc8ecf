#include "actors/secrecy.hpp"

namespace quaero {

void conceal(const secrets& given, new_job& x) {
  if (given.empty())
    return;
  given.seal(x.config);
  given.hide(x.name);
  given.hide(x.metadata);
  given.hide(x.unique_key);
  for (auto& tag : x.tags)
    given.hide(tag);
}

void conceal(const secrets& given, document& x) {
  if (given.empty())
    return;
  for (auto* text :
       {&x.source_id, &x.title, &x.content_markdown, &x.metadata, &x.url})
    given.hide(*text);
  for (auto& tag : x.tags)
    given.hide(tag);
}

void conceal(const secrets& given, job_outcome& x) {
  given.hide(x.error);
  given.hide(x.result);
}

} // namespace quaero

#define BOOST_TEST_MODULE crawler_logic
#include <boost/test/unit_test.hpp>

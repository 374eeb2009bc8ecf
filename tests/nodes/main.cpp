#define BOOST_TEST_MODULE nodes
#include <boost/test/unit_test.hpp>

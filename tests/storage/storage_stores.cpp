#define BOOST_TEST_MODULE storage_stores
#include <boost/test/unit_test.hpp>

#define BOOST_TEST_MODULE storage_tables
#include <boost/test/unit_test.hpp>

#include "base/http1/message.h"

#include <gtest/gtest.h>
TEST(RequestParser, Placeholder) {}

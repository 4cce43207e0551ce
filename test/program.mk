# test/program.mk - how a test program in C++ is built: all sources of its folder. Included by its Makefile, which sets `here`
# and `program`, and may have set `extra` (objects from elsewhere), `needs` (a phony target that makes them), CPPFLAGS, LDLIBS.

CXX      ?= g++
CXXFLAGS ?= -O1 -g
# Errors with the baseline compiler only: newer ones raise false alarms about the standard library's own code.
STRICT = $(and $(WERROR),$(filter 12,$(shell $(CXX) -dumpversion)))
override CXXFLAGS += -std=c++20 -Wall -Wextra -Wshadow $(if $(STRICT),-Werror)

sources := $(sort $(wildcard $(here)*.cpp))
objects := $(patsubst $(here)%.cpp,$(BUILD)/%.o,$(sources))

all: $(BUILD)/$(program)

$(BUILD)/$(program): $(objects) $(needs)
	$(CXX) $(CXXFLAGS) -o $@ $(objects) $(extra) $(LDLIBS)

$(BUILD)/%.o: $(here)%.cpp | $(BUILD)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD):
	mkdir -p $@

clean:
	rm -f $(BUILD)/$(program) $(BUILD)/*.o $(BUILD)/*.d

.PHONY: all clean $(needs)
-include $(objects:.o=.d)

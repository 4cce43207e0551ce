# pg_tviews - builds with PGXS against any PostgreSQL from 15 to 18:
#
#   make && make install && make installcheck        PG_CONFIG=/path/to/pg_config chooses the server
#
# Options: WERROR=1          warnings are errors (what CI uses)
#          TVIEWS_DEBUG=1    extra checks and debug points, light optimisation
#          TVIEWS_BITCODE=yes  LLVM bitcode as well; it needs clang and buys nothing (see CONTRIBUTING.md)
#          STATIC_CXX=1      link libstdc++ statically, for tarballs that must run on another distribution
#
# ./dev wraps all of this for development: private servers, every test harness, other PostgreSQL versions.

EXTENSION   = pg_tviews
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" pg_tviews.control)
MODULE_big  = pg_tviews
OBJS       := $(patsubst %.cpp,%.o,$(sort $(wildcard src/*.cpp src/*/*.cpp)))

INSTALL_SQL := sql/pg_tviews--$(EXTVERSION).sql
SQL_PARTS   := $(sort $(wildcard sql/parts/*.sql))
DATA        := $(sort $(wildcard sql/upgrade/*.sql))
DATA_built   = $(INSTALL_SQL)

# 00_setup creates the extension and therefore sorts first.
REGRESS      := $(patsubst test/regress/sql/%.sql,%,$(sort $(wildcard test/regress/sql/*.sql)))
REGRESS_OPTS  = --inputdir=test/regress --outputdir=test/regress
ISOLATION    := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=test/isolation --load-extension=pg_tviews

PG_CONFIG ?= pg_config
INCLUDEDIR_SERVER := $(shell $(PG_CONFIG) --includedir-server)

# Strict c++20 breaks copyObject (typeof); the 15 headers still say "register". The server headers are system headers
# to us (-isystem), because they do not compile without warnings under -Wextra.
DIALECT     = -std=gnu++20 -Wno-register
PG_CPPFLAGS = -Isrc -isystem $(INCLUDEDIR_SERVER) '-DPGDLLEXPORT=__attribute__((visibility("default")))'
PG_CXXFLAGS = $(DIALECT) -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual \
              -Wno-missing-field-initializers -fvisibility=hidden -fvisibility-inlines-hidden -fno-rtti
ifeq ($(WERROR),1)
PG_CXXFLAGS += -Werror
endif
ifdef TVIEWS_DEBUG
PG_CPPFLAGS += -DTVIEWS_DEBUG
PG_CXXFLAGS += -Og -g
endif

# PGXS links with the C compiler.
ifdef STATIC_CXX
SHLIB_LINK += -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic -Wl,--exclude-libs,ALL
else
SHLIB_LINK += -lstdc++
endif

TVIEWS_BITCODE ?= no
ifneq ($(TVIEWS_BITCODE),yes)
override with_llvm := no
endif

EXTRA_CLEAN = $(OBJS:.o=.d) .build-flags test/regress/results test/regress/regression.* \
              test/isolation/results test/isolation/regression.* test/isolation/output_iso

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

COMPILE.cxx.bc += $(DIALECT)

$(INSTALL_SQL): $(SQL_PARTS) sql/parts pg_tviews.control
	cat $(SQL_PARTS) > $@

# PGXS does not track headers unless the server was configured with --enable-depend, and it does not notice another
# PG_CONFIG or other flags: .build-flags changes only when they do, and every object depends on it.
%.o: %.cpp .build-flags
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# The only file that knows the version, so that another one costs one file.
src/catalog/library_version.o: override CPPFLAGS += '-DTVIEWS_VERSION="$(EXTVERSION)"'
src/catalog/library_version.o: pg_tviews.control

.build-flags: FORCE
	@printf '%s\n' '$(VERSION) $(CXX)' $(call quote,$(CXXFLAGS) $(CPPFLAGS)) | cmp -s - $@ || \
	 printf '%s\n' '$(VERSION) $(CXX)' $(call quote,$(CXXFLAGS) $(CPPFLAGS)) > $@
quote = '$(subst ','\'',$(1))'
.PHONY: FORCE
FORCE:

-include $(OBJS:.o=.d)

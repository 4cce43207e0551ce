// core/pure.hpp - the last include of every source file of the pure zone: fails when PostgreSQL got in.
#pragma once

#ifdef POSTGRES_H
#error "src/core is plain C++: it must not include PostgreSQL headers"
#endif

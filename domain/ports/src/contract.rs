//! One suite per port: a function per clause, a macro per suite. Every adapter passes it.

# Daily habits. `just` lists them.
default:
    @just --list

# Both simulators, a connected Tandem, one page to open
demo:
    cargo run --release -- demo

# Every check
test:
    ./test

# The quick half: formatting, lints, Rust tests
check:
    ./test rust

# The seeded histories; `just seeds 2000`
seeds n="100":
    cargo run --release -p simulation -- --seeds {{n}}

# One history again, with what happened in it
replay seed:
    cargo run --release -p simulation -- --replay {{seed}}

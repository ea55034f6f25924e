//! What Tandem is about, as types: values and their conversion, mappings, links, the merge and the plan. No I/O, no async, no clock.

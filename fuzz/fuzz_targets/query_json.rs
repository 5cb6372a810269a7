//! Arbitrary bytes as a search request: an error, or a request that says the same when it is printed and parsed again.
#![no_main]

use diagon::query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match query::parse_bytes(bytes) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(request) => {
            let printed = request.to_json();
            match query::parse(&printed) {
                Ok(again) => assert_eq!(again, request, "{printed}"),
                Err(error) => panic!("{printed}: {error}"),
            }
        }
    }
});

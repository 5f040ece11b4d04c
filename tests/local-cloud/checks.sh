#!/bin/bash
# Everything that must hold, in the order in which it fails soonest. `make test` calls it, with the tools on the path.
set -eu -o pipefail
cd "$(dirname "$0")/../.."

check() { # what it is, and the command
    local what=$1 started=$SECONDS
    shift
    printf '\n== %s\n   $ %s\n' "$what" "$*"
    "$@"
    printf '   ok, %s s\n' $((SECONDS - started))
}

export CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never AWS_DEFAULT_REGION=us-east-1

check "Formatting" cargo fmt --all --check
check "Template, as SAM sees it" sam validate --lint
check "Templates, as CloudFormation sees them" cfn-lint template.yaml examples/*.yaml
check "Lints" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
check "Unit and scenario tests" cargo test --workspace --locked --quiet
# Private items are documented too, so a link to one leads somewhere.
check "Documentation" env RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --document-private-items --locked --quiet
check "Simulator: built" cargo build --workspace --bin aws-sim --bin sdk-teller --locked --quiet
check "Simulator: as boto3, the AWS CLI, the SDK for Rust and the models of the services see it" python tests/conformance
check "Local cloud: its programs" python -m compileall -q tests/local-cloud tests/conformance tools
check "Tools" python -m unittest discover --quiet --start-directory tools
check "Local cloud: the whole story, with production's own commands" python tests/local-cloud/demo.py

printf '\nEverything holds. %s min.\n' $((SECONDS / 60))

//! The rules: what is a finding. One file a rule.

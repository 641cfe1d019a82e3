"""From stories to the digest: matched, weighed, chosen, composed, checked, compared."""

"""What an administrator or auditor sees."""

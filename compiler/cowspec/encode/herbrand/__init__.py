"""Any-size obligations as clauses over ground terms: few lines, because a certificate is worth what they are worth."""

Feature: His twin story: the boy is held over 24 hours, so the home state pays
  Under the Interstate Compact the home state arranges and pays for the return. Our own fund does not pay in its place,
  and the family is not sent away: it is handed over, with its consent, and somebody asks what became of it.

  Scenario: Handed over to the home state, with the consent of mother and son
    Given the family of story b2 has asked for help
    Then the home state is worth applying to, and our own fund waits for a person
    And nobody may hand it over before a consent names the home state
    When mother and son sign that the home state may be told, and Ana hands the case over
    And Ana finds that the home state pays
    Then the request ends kindly: another payer helps, and nobody is refused
    And the family's page says so, and no letter says no
    And nothing of our money is set aside
    And the books balance

Feature: An old no does not hide what the newest version needs

  Scenario: After a decline, an answer is checked again
    Given Ana asks for $10.00 of fares
    When Ben declines it because the dates overlap
    And the report number turns out to be wrong
    Then the request asks its question again

  Scenario: After a confirmed refusal, an answer is checked again and nothing is said twice
    Given Ana enters the family of story e
    And the request has been refused
    When the report number turns out to be wrong
    And the income is not known after all
    Then the request asks its question again
    And only one refusal letter was ever made
